# right, last
import mmap

tried("64 GiB of address space, none of it used", lambda: len(mmap.mmap(-1, 64 << 30)))
tried("100 GB of zeros", lambda: bytearray(100_000_000_000) and None)
