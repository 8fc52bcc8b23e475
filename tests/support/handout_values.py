"""What each handout gives of what is asked, read off it by hand: by check, and in which words.

Everything else that a check asks for is the student's to find, and a check of their own may say
nothing that depends on it.
"""

from __future__ import annotations

GIVEN_VALUES: dict[str, dict[str, tuple[float, ...] | str]] = {
    "hh": {
        "hh.parameters.IK.E": (-77.0,),
        "hh.parameters.IK.g_max": (36.0,),
        "hh.parameters.INa.E": (50.0,),
        "hh.parameters.INa.g_max": (120.0,),
        "hh.parameters.IL.E": (-54.39,),
        "hh.parameters.IL.g_max": (0.03,),
        "hh.master_type.IK": "HHTypedNeuron",
        "hh.master_type.INa": "HHTypedNeuron",
        "hh.master_type.IL": "HHTypedNeuron",
        "hh.channels.base": "CondNeuGroup",
        "hh.simulation.start.V": (-80.0, -60.0),
        "hh.simulation.start.gates": (0.0, 0.0),
    },
    "hh-from-scratch": {
        "scratch.equations.base": "NeuDyn",
        "scratch.states.V": (-70.68, -70.68),
        "scratch.states.m": (0.0266, 0.0266),
        "scratch.states.h": (0.772, 0.772),
        "scratch.states.n": (0.235, 0.235),
        "scratch.states.t_last_spike": (-1e7, -1e7),
        "scratch.states.spike": (0.0, 0.0),
    },
    "hh-lesson": {  # the second part leaves potassium and sodium their defaults, untold
        "lesson.master_type.IK": "CondNeuGroup",
        "lesson.composed.base": "CondNeuGroupLTC",
        "lesson.composed.INa": "INa_HH1952",
        "lesson.composed.IK": "IK_HH1952",
        "lesson.composed.IL": "IL",
        "lesson.composed.IL.E": (-54.387,),
        "lesson.composed.IL.g_max": (0.03,),
        "lesson.IK.start": (0.0, 0.0),
        "lesson.INa.start": (0.0, 0.0),
        "lesson.HH.base": "CondNeuGroup",
        "lesson.HH.IK.E": (-77.0,),
        "lesson.HH.IK.g_max": (36.0,),
        "lesson.HH.INa.E": (50.0,),
        "lesson.HH.INa.g_max": (120.0,),
        "lesson.HH.IL.E": (-54.39,),
        "lesson.HH.IL.g_max": (0.03,),
        "lesson.HH.start.V": (-80.0, -60.0),
    },
    "thalamic": {
        "tc.structure.base": "CondNeuGroupLTC",
        "tc.structure.IL": "IL",
        "tc.structure.INa": "INa_Ba2002",
        "tc.structure.Ih": "Ih_HM1992",
        "tc.structure.Ca": "CalciumDetailed",
        "tc.structure.Ca.ICaL": "ICaL_IS2008",
        "tc.structure.Ca.ICaN": "ICaN_IS2008",
        "tc.structure.Ca.ICaT": "ICaT_HM1992",
        "tc.structure.Ca.ICaHT": "ICaHT_HM1992",
        "tc.structure.K": "PotassiumFixed",
        "tc.structure.K.IKDR": "IKDR_Ba2002v2",
        "tc.structure.K.IKL": "IK_Leak",
        "tc.structure.KCa": "MixIons",
        "tc.structure.KCa.IAHP": "IAHP_De1994v2",
        "tc.parameters.IL.g_max": (0.01,),
        "tc.parameters.IL.E": (-70.0,),
        "tc.parameters.INa.V_sh": (-45.0,),
        "tc.parameters.Ih.g_max": (0.01,),
        "tc.parameters.Ih.E": (-43.0,),
        "tc.parameters.Ca.C_rest": (5e-5,),
        "tc.parameters.Ca.tau": (10.0,),
        "tc.parameters.Ca.d": (0.5,),
        "tc.parameters.Ca.ICaL.g_max": (0.5,),
        "tc.parameters.Ca.ICaN.g_max": (0.5,),
        "tc.parameters.Ca.ICaT.g_max": (2.1,),
        "tc.parameters.Ca.ICaHT.g_max": (3.0,),
        "tc.parameters.K.E": (-90.0,),
        "tc.parameters.K.IKDR.V_sh": (-45.0,),
        "tc.parameters.K.IKDR.phi": (0.25,),
        "tc.parameters.K.IKL.g_max": (0.01,),
        "tc.parameters.KCa.IAHP.g_max": (0.3,),
        "tc.parameters.A": (2.9e-4,),
        "tc.parameters.V_th": (20.0,),
        "tc.simulation.start.V": (-65.0, -65.0),
    },
}

COMMENTS: dict[str, set[str]] = {
    "hh": {"hh.parameters.*"},
    "hh-from-scratch": set(),
    "hh-lesson": {"lesson.composed.IL.*", "lesson.HH.*"},
    "thalamic": {
        "tc.parameters.I*",  # of the cell's own channels
        "tc.parameters.Ca.C_rest",
        "tc.parameters.Ca.tau",
        "tc.parameters.Ca.d",
        "tc.parameters.K.E",
    },
}
"""Parameters whose value stands in the comment of their blank."""

FIRST_LINES: dict[str, dict[str, str]] = {
    "hh": {
        "hh-advanced-handout-unfilled.ipynb": "self.IK = ...",
        "IK-doubled.ipynb": "self.IK2 = ",
        "NameError-in-init.ipynb": "self.INa = Ina(",
    },
    "hh-from-scratch": {
        "derivative-left-blank.ipynb": "return ...",
        "unfilled.ipynb": "self.V = ...",
        "V-starts-at-minus-65.ipynb": "self.V = bm.Variable(-65.",
    },
    "hh-lesson": {
        "IK-current-left-blank.ipynb": "    ...",
        "INa-reset_state-left-blank.ipynb": "self.m = ...",
        "composed-left-blank.ipynb": "self.INa = ...",
        "types-on-the-neuron.ipynb": "master_type = bp.dyn.CondNeuGroup",
        "nothing-but-the-last-part.ipynb": "master_type = ...",
    },
    "thalamic": {
        "ICaT-on-potassium.ipynb": "self.K.add_elem(ICaT=",
        "ICaT-on-the-cell.ipynb": "self.ICaT = ",
        "ICaHT-made-as-ICaT.ipynb": "self.Ca.add_elem(ICaHT=",
        "ICaT-left-out.ipynb": "self.Ca = ",
        "second-potassium-leak.ipynb": "self.K.add_elem(leak=",
        "potassium-left-blank.ipynb": "self.K = ...",
        "unfilled.ipynb": "self.IL = ...",
    },
}
"""Of samples that are wrong in one place: what stands in the line of the first step."""
