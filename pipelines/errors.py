"""What a run of the pipeline raises for what its user can mend."""


class PipelineError(Exception):
    """One sentence for a person: what it is about, what was expected, what was found."""
