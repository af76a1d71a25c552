"""Workers and their worker kernels: started, leased by slot, listened to, ended, taken up again.

`pool` puts the parts together; `workerlink` is what the link's server end is asked and tells.
"""
