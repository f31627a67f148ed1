"""ALLOWED: handwritten digits under CC-BY-4.0, from a package to a model.

TaskFlow throughout; one step is mapped over parts of a folder.  Run it:

    airflow dags trigger digits
"""

from __future__ import annotations

from airflow.sdk import dag, task
from example_data import asset, packaged, path

from lineage_plugin import provenance, requires

RAW = asset("digits/raw.csv.gz")
PARTS = asset("digits/parts")
FEATURES = asset("digits/features.parquet")
MODEL = asset("models/digits.joblib")


@dag(schedule=None, tags=["lineage_plugin", "example"])
def digits():
    @task(outlets=[RAW])
    def take():
        """Copy the data out of scikit-learn."""
        import shutil

        source = packaged("scikit-learn", "sklearn/datasets/data/digits.csv.gz")
        shutil.copyfile(source, path("digits/raw.csv.gz"))

    @provenance(edge="filter", overwrite=True)
    @task(inlets=[RAW], outlets=[PARTS])
    def split(part: int):
        """Write every third row to a file of its own; mapped tasks write one version together."""
        import pandas as pd

        rows = pd.read_csv(path("digits/raw.csv.gz"), header=None)
        rows.columns = [f"pixel_{n}" for n in range(64)] + ["digit"]
        rows.iloc[part::3].to_parquet(path(f"digits/parts/{part}.parquet"))

    @provenance(edge="filter", overwrite=True)
    @task(inlets=[PARTS], outlets=[FEATURES])
    def scale():
        import pandas as pd

        rows = pd.concat(map(pd.read_parquet, sorted(path("digits/parts").glob("*.parquet"))))
        pixels = rows.drop(columns="digit") / 16
        pixels.assign(digit=rows["digit"]).to_parquet(path("digits/features.parquet"))

    @requires("model-training")
    @provenance(edge="train", overwrite=True)
    @task(inlets=[FEATURES], outlets=[MODEL])
    def train() -> float:
        import joblib
        import pandas as pd
        from sklearn.linear_model import LogisticRegression

        rows = pd.read_parquet(path("digits/features.parquet"))
        model = LogisticRegression(max_iter=300).fit(rows.drop(columns="digit"), rows["digit"])
        joblib.dump(model, path("models/digits.joblib"))
        return float(model.score(rows.drop(columns="digit"), rows["digit"]))

    take() >> split.expand(part=[0, 1, 2]) >> scale() >> train()


digits()
