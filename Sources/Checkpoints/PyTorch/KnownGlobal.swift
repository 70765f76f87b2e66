import Tensors

/// The classes and functions whose calls we understand, and build as data. Everything else stays an inert record.
enum KnownGlobal: Equatable {
    // Python
    case orderedDictionary, defaultDictionary, dictionary, sequence, bytes, encode, getAttribute, reconstructor
    /// A class that is only ever named, as an argument.
    case classArgument
    // PyTorch
    case storage(DType), untypedStorage, unreadableStorage
    case dtype(DType?), device
    case tensorV1, tensorV2, tensorV3, parameter, fromTypeV2
    case unreadableTensor
    // NumPy
    case numpyType, numpyReconstruct, numpyScalar, numpyFromBuffer

    /// - Parameter name: "module.name", as the pickle has it.
    init?(_ name: String) {
        guard let known = Self.table[name] else { return nil }
        self = known
    }

    private static let table: [String: KnownGlobal] = {
        var table: [String: KnownGlobal] = [
            "collections.OrderedDict": .orderedDictionary, "collections.defaultdict": .defaultDictionary,
            "collections.Counter": .dictionary, "collections.deque": .sequence,
            "_codecs.encode": .encode,
            "torch.Size": .sequence, "torch.device": .device,
            "torch.Tensor": .classArgument, "torch._tensor.Tensor": .classArgument,
            "torch.nn.parameter.Parameter": .classArgument, "torch.nn.Parameter": .classArgument,
            "torch.nn.parameter.Buffer": .classArgument,
            "torch._utils._rebuild_tensor": .tensorV1, "torch._utils._rebuild_tensor_v2": .tensorV2,
            "torch._utils._rebuild_tensor_v3": .tensorV3, "torch._utils._rebuild_parameter": .parameter,
            "torch._utils._rebuild_parameter_with_state": .parameter,
            "torch._tensor._rebuild_from_type_v2": .fromTypeV2,
            "torch.storage.UntypedStorage": .untypedStorage, "torch.UntypedStorage": .untypedStorage,
            "numpy.dtype": .numpyType, "numpy.ndarray": .classArgument,
        ]
        // Python 2 called two modules otherwise.
        for module in ["builtins", "__builtin__"] {
            table["\(module).dict"] = .dictionary
            for name in ["set", "frozenset", "list", "tuple"] { table["\(module).\(name)"] = .sequence }
            for name in ["bytes", "bytearray"] { table["\(module).\(name)"] = .bytes }
            table["\(module).getattr"] = .getAttribute
            table["\(module).object"] = .classArgument
        }
        for module in ["copyreg", "copy_reg"] { table["\(module)._reconstructor"] = .reconstructor }
        let storages: [(String, DType)] = [
            ("Double", .f64), ("Float", .f32), ("Half", .f16), ("BFloat16", .bf16), ("Long", .i64), ("Int", .i32),
            ("Short", .i16), ("Char", .i8), ("Byte", .u8), ("Bool", .bool),
        ]
        let unreadable = ["ComplexFloat", "ComplexDouble", "QInt8", "QUInt8", "QInt32", "QUInt4x2", "QUInt2x4"]
        for module in ["torch", "torch.cuda"] {
            for (name, dtype) in storages { table["\(module).\(name)Storage"] = .storage(dtype) }
            for name in unreadable { table["\(module).\(name)Storage"] = .unreadableStorage }
        }
        let dtypes: [(String, DType)] = [
            ("float64", .f64), ("double", .f64), ("float32", .f32), ("float", .f32), ("float16", .f16), ("half", .f16),
            ("bfloat16", .bf16), ("int64", .i64), ("long", .i64), ("int32", .i32), ("int", .i32), ("int16", .i16),
            ("short", .i16), ("int8", .i8), ("uint8", .u8), ("bool", .bool),
        ]
        for (name, dtype) in dtypes { table["torch.\(name)"] = .dtype(dtype) }
        for name in [
            "complex32", "complex64", "complex128", "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2",
            "float8_e4m3fnuz", "float8_e5m2fnuz", "qint8", "quint8", "qint32",
        ] { table["torch.\(name)"] = .dtype(nil) }
        for name in [
            "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor", "_rebuild_qtensor", "_rebuild_nested_tensor",
            "_rebuild_meta_tensor_no_storage", "_rebuild_wrapper_subclass", "_rebuild_xla_tensor",
            "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor",
        ] { table["torch._utils.\(name)"] = .unreadableTensor }
        // NumPy 2 renamed its core.
        for core in ["numpy.core", "numpy._core"] {
            table["\(core).multiarray._reconstruct"] = .numpyReconstruct
            table["\(core).multiarray.scalar"] = .numpyScalar
            table["\(core).numeric._frombuffer"] = .numpyFromBuffer
        }
        return table
    }()
}
