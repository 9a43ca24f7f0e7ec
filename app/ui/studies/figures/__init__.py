"""The paper's figures, drawn from a study with Matplotlib (the extra ``figures``)."""
