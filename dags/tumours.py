"""UNDECIDED: nobody said on what basis patients' measurements may be used, three steps upstream.

Classic operators, with a gate of its own before the training.  Run it:

    airflow dags trigger tumours
"""

from __future__ import annotations

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from example_data import asset, packaged, path

from lineage_plugin import ProvenanceGateOperator, provenance

RAW = asset("tumours/raw.csv")
CLEAN = asset("tumours/clean.parquet")
FEATURES = asset("tumours/features.parquet")
TRAINING = asset("tumours/training.parquet")
MODEL = asset("models/tumours.joblib")


def take() -> None:
    """Copy the data out of scikit-learn."""
    import shutil

    source = packaged("scikit-learn", "sklearn/datasets/data/breast_cancer.csv")
    shutil.copyfile(source, path("tumours/raw.csv"))


def clean() -> None:
    import pandas as pd

    rows = pd.read_csv(path("tumours/raw.csv"), skiprows=1, header=None)
    rows.columns = [f"measure_{n}" for n in range(30)] + ["benign"]
    rows.dropna().to_parquet(path("tumours/clean.parquet"))


def select() -> None:
    import pandas as pd

    rows = pd.read_parquet(path("tumours/clean.parquet"))
    rows[[*(f"measure_{n}" for n in range(10)), "benign"]].to_parquet(
        path("tumours/features.parquet")
    )


def sample() -> None:
    import pandas as pd

    rows = pd.read_parquet(path("tumours/features.parquet"))
    rows.sample(frac=0.8, random_state=1).to_parquet(path("tumours/training.parquet"))


def train() -> None:
    import joblib
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier

    rows = pd.read_parquet(path("tumours/training.parquet"))
    model = RandomForestClassifier(n_estimators=50).fit(rows.drop(columns="benign"), rows["benign"])
    joblib.dump(model, path("models/tumours.joblib"))


with DAG("tumours", schedule=None, tags=["lineage_plugin", "example"]):
    taken = PythonOperator(task_id="take", python_callable=take, outlets=[RAW])
    cleaned = provenance(edge="filter", overwrite=True)(
        PythonOperator(task_id="clean", python_callable=clean, inlets=[RAW], outlets=[CLEAN])
    )
    selected = provenance(edge="filter", overwrite=True)(
        PythonOperator(task_id="select", python_callable=select, inlets=[CLEAN], outlets=[FEATURES])
    )
    sampled = provenance(edge="filter", overwrite=True)(
        PythonOperator(
            task_id="sample", python_callable=sample, inlets=[FEATURES], outlets=[TRAINING]
        )
    )
    gate = ProvenanceGateOperator(task_id="gate", purpose="model-training", inlets=[TRAINING])
    trained = provenance(edge="train", overwrite=True)(
        PythonOperator(task_id="train", python_callable=train, inlets=[TRAINING], outlets=[MODEL])
    )

    taken >> cleaned >> selected >> sampled >> gate >> trained
