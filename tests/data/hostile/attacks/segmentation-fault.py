# right, last
done("reads address 0")
time.sleep(1)  # what was printed must be on its way
ctypes.string_at(0)
