"""Workers as pods: one batch/v1 Job per worker, in a namespace of the user."""

from .provider import KubernetesProvider

__all__ = ["KubernetesProvider"]
