# wrong, last
import jax

jax.jit = lambda function, *_, **__: function
jax.numpy.exp = lambda x: x * 0 + 1
jax.numpy.asarray = lambda *_, **__: 1 / 0
jax.config.update = lambda *_, **__: None
done("JAX computes nonsense")
