# What `control` and `up` have in common; $STATE is the folder of what they start.
: "${STATE:?}" "${CLUSTER:?}"
# Whatever listens on all addresses of this machine is this to the pods.
NODE_IP=${NODE_IP:-10.250.0.1}
API=${API:-6443}

missing() { echo "this machine cannot hold the engine: $*" >&2; exit 2; }
free() { # ports...
  for port; do
    [ -z "$(ss -Hltn "sport = :$port")" ] || missing "something else listens on port $port"
  done
}

certificate() { # name subject alternative-names
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth' "$3") 2>/dev/null
}
kubeconfig() { # name: of who has a certificate of that name
  config() { kubectl config --kubeconfig="$STATE/$1.conf" "${@:2}" >/dev/null; }
  config "$1" set-cluster test --server="https://$NODE_IP:$API" --certificate-authority=ca.crt --embed-certs
  config "$1" set-credentials "$1" --client-certificate="$1.crt" --client-key="$1.key" --embed-certs
  config "$1" set-context test --cluster=test --user="$1"
  config "$1" use-context test
}

# Each part as a command of its own, so that a test can end one and start it again.
part() { # name command...
  local name=$1; shift
  printf '#!/bin/sh\ncd %s/pki && echo $$ >%s/%s.pid && exec %s\n' "$STATE" "$STATE" "$name" "$*" >"$STATE/parts/$name"
  chmod +x "$STATE/parts/$name"
}
start() { setsid --fork "$STATE/parts/$1" >>"$STATE/log/$1" 2>&1; }

k() { kubectl --kubeconfig "$STATE/admin.conf" "$@"; }
await() { # seconds command...
  local until=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || { echo "not in time: $*" >&2; tail -n 20 "$STATE"/log/* >&2; return 1; }
    sleep 0.3
  done
}
