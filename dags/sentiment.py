"""DENIED: a lexicon that only research may use is joined into the training data.

The package that carries it says MIT; its README and the lexicon's owner say research only.  Both
are in the catalog, as the declared and the concluded licence.  Run it:

    airflow dags trigger sentiment
"""

from __future__ import annotations

from airflow.sdk import dag, task
from example_data import asset, packaged, path

from lineage_plugin import provenance

VALENCE = asset("sentiment/vader_lexicon.txt")
EMOTIONS = asset("sentiment/nrc_emotions.json")
WORDS = asset("sentiment/words.parquet")
MODEL = asset("models/sentiment.joblib")


@dag(schedule=None, tags=["lineage_plugin", "example"])
def sentiment():
    @task(outlets=[VALENCE])
    def take_valence():
        import shutil

        source = packaged("vaderSentiment", "vaderSentiment/vader_lexicon.txt")
        shutil.copyfile(source, path("sentiment/vader_lexicon.txt"))

    @task(outlets=[EMOTIONS])
    def take_emotions():
        import shutil

        source = packaged("nrclex", "nrclex/data/nrc_en.json")
        shutil.copyfile(source, path("sentiment/nrc_emotions.json"))

    @provenance(edge="join", overwrite=True)
    @task(inlets=[VALENCE, EMOTIONS], outlets=[WORDS])
    def join():
        import json

        import pandas as pd

        lines = path("sentiment/vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
        valence = pd.DataFrame(
            [line.split("\t")[:2] for line in lines], columns=["word", "valence"]
        )
        emotions = json.loads(path("sentiment/nrc_emotions.json").read_text(encoding="utf-8"))
        valence["emotions"] = valence["word"].map(lambda word: " ".join(emotions.get(word, [])))
        valence["positive"] = valence["valence"].astype(float) > 0
        valence.to_parquet(path("sentiment/words.parquet"))

    @task.provenance_gate("model-training")
    @provenance(edge="train", overwrite=True)
    @task(inlets=[WORDS], outlets=[MODEL])
    def train():
        import joblib
        import pandas as pd
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        rows = pd.read_parquet(path("sentiment/words.parquet"))
        text = rows["word"] + " " + rows["emotions"]
        model = make_pipeline(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)), LogisticRegression()
        )
        joblib.dump(model.fit(text, rows["positive"]), path("models/sentiment.joblib"))

    [take_valence(), take_emotions()] >> join() >> train()


sentiment()
