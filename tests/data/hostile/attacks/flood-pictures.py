# right, last
import base64

from IPython.display import display

done("150 pictures of 1 MB that are none")
noise = base64.b64encode(os.urandom(750_000)).decode()
for i in range(150):
    display({"image/png": noise, "image/jpeg": noise}, raw=True)
