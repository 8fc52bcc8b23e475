# right, last
done("ends without a word")
os._exit(0)
