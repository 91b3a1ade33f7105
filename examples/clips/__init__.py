"""A second pipeline, one that cuts a video into clips: any Prefect flow can have the bar."""
