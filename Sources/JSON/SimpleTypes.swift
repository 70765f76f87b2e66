/// The types that are read and written as one JSON value, told by their identity: to ask any other type whether it conforms to
/// something costs more than to write it.
enum SimpleTypes {
    static func contain<T>(_ type: T.Type) -> Bool {
        type == String.self || type == Int.self || type == Double.self || type == Bool.self || type == Float.self
            || type == JSONValue.self || type == UInt64.self || type == Int64.self || type == UInt8.self
            || type == UInt32.self || type == Int32.self || type == UInt.self || type == UInt16.self
            || type == Int16.self || type == Int8.self
    }
}
