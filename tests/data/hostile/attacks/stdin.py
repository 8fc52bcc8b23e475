# right, last
import getpass

tried("ask by input", lambda: input("name? "))
tried("ask for a password", lambda: getpass.getpass("password? "))
tried("ask beside IPython", lambda: sys.__stdin__.readline()[:20] or 1 / 0)
tried("read descriptor 0", lambda: os.read(0, 20) or 1 / 0)
