"""Workers and their worker kernels: started, leased by slot, listened to, ended.

`workerlink` is what the server end of the link (`jupyterlab_dossier.link`) is asked and tells.
"""
