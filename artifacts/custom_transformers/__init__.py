"""Classes that pickled pipelines need. The folder of the three files is on the import path while
they are unpickled, so this package is found there under this name."""
