"""DENIED: photos that a partner handed over with no agreement must not become a face recogniser.

Modelled on 2014: three million dating-site photos, given away by e-mail, trained commercial models.
The pictures here are a small public research set that scikit-image carries (LFW); the hand-over is
declared in the catalog as it would have been then.  Run it:

    airflow dags trigger faces
"""

from __future__ import annotations

from airflow.sdk import dag, task
from example_data import asset, packaged, path

from lineage_plugin import provenance, requires

PHOTOS = asset("vendor_drop/photos.npy")
FACES = asset("faces/embeddings.npy")
MODEL = asset("models/faces.joblib")


@dag(schedule=None, tags=["lineage_plugin", "example"])
def faces():
    @task(outlets=[PHOTOS])
    def receive():
        """What arrived in the mail, with no letter."""
        import shutil

        source = packaged("scikit-image", "skimage/data/lfw_subset.npy")
        shutil.copyfile(source, path("vendor_drop/photos.npy"))

    @provenance(edge="embed", overwrite=True)
    @task(inlets=[PHOTOS], outlets=[FACES])
    def embed():
        """Compute face templates: from here on the data is biometric."""
        import numpy as np
        from sklearn.decomposition import PCA

        photos = np.load(path("vendor_drop/photos.npy")).reshape(200, -1)
        np.save(path("faces/embeddings.npy"), PCA(n_components=32).fit_transform(photos))

    @task(inlets=[FACES], outlets=[MODEL])
    @provenance(edge="train", overwrite=True)
    @requires("face-recognition")
    def train():
        import joblib
        import numpy as np
        from sklearn.svm import SVC

        embeddings = np.load(path("faces/embeddings.npy"))
        is_face = np.arange(len(embeddings)) < 100
        joblib.dump(SVC().fit(embeddings, is_face), path("models/faces.joblib"))

    receive() >> embed() >> train()


faces()
