# right, first
done("stops the kernel's event loop after this cell")
loop = getattr(get_ipython().kernel, "io_loop", None)
loop.add_callback(loop.stop)
