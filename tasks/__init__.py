"""One Prefect task a file: unpack, call the library, report."""
