# right, last
done("reads address 0")
ctypes.string_at(0)
