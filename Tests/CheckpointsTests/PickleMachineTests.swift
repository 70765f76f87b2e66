import Checkpoints
import Platform
import Tensors
import Testing

@Suite struct PickleMachineTests {
    typealias P = Pickled

    private func refusal(_ parts: [UInt8]...) -> CheckpointError? {
        var pickle = Pickled()
        for part in parts { pickle.bytes += part }
        return #expect(throws: CheckpointError.self) { try unpickle(pickle) }
    }

    private func value(_ parts: [UInt8]...) throws -> Value {
        var pickle = Pickled()
        for part in parts { pickle.bytes += part }
        return try unpickle(pickle).root
    }

    // MARK: What protocol 0 and Python 2 wrote

    @Test func theTextOpcodesAreRead() throws {
        let lines = "(I42\nI01\nI00\nL-7L\nL18446744073709551616L\nF2.5\nFnan\nS'a\\x41\\n\\'q'\nVe\\u00e9\\U0001f600\n"
        let list = try #require(try value(Array(lines.utf8), Array("l".utf8), P.stop).array)
        #expect(list[0].int == 42)
        #expect(list[1].bool == true)
        #expect(list[2].bool == false)
        #expect(list[3].int == -7)
        #expect(list[4].opaque?.name == "int")
        #expect(list[5].double == 2.5)
        #expect(list[6].double?.isNaN == true)
        #expect(list[7].string == "aA\n'q")
        #expect(list[8].string == "eé😀")
    }

    @Test func theTextMemoIsRead() throws {
        let list = try #require(try value(Array("(I1\np5\ng5\n0g5\nl".utf8), P.stop).array)
        #expect(list.compactMap(\.int) == [1, 1])
    }

    @Test func theOldWaysToMakeObjectsAreInert() throws {
        let instance = try value(Array("(I1\nios\nsystem\n".utf8), P.stop)
        #expect(instance.opaque?.name == "os.system" && instance.opaque?.arguments.first?.int == 1)
        let object = try value(Array("(cos\nsystem\nI1\no".utf8), P.stop)
        #expect(object.opaque?.name == "os.system" && object.opaque?.arguments.first?.int == 1)
        let keywords = try value(P.global("a", "B"), P.integers([1]), P.emptyDictionary, [0x92], P.stop)
        #expect(keywords.opaque?.name == "a.B" && keywords.opaque?.arguments.count == 2)
    }

    @Test func binaryOpcodesAreRead() throws {
        let bytes: [UInt8] =
            [0x28, 0x4a, 0xff, 0xff, 0xff, 0xff, 0x4b, 200, 0x4d, 0xff, 0xff, 0x88, 0x89, 0x4e]
            + [0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0] + [0x8a, 0, 0x8a, 1, 0x80, 0x8a, 2, 0xff, 0]
            + [0x8b, 2, 0, 0, 0, 0, 0x80] + [0x55, 2, 0x61, 0x62] + [0x54, 1, 0, 0, 0, 0xff] + [0x43, 1, 7]
            + [0x42, 1, 0, 0, 0, 8] + [0x8c, 1, 0x7a] + [0x8d, 1, 0, 0, 0, 0, 0, 0, 0, 0x79]
            + [0x8e, 1, 0, 0, 0, 0, 0, 0, 0, 9] + [0x96, 1, 0, 0, 0, 0, 0, 0, 0, 10] + [0x74]
        let list = try #require(try value(bytes, P.stop).array)
        #expect(list[0...2].compactMap(\.int) == [-1, 200, 65535])
        #expect(list[3].bool == true && list[4].bool == false && list[5].isNone && list[6].double == 1.5)
        #expect(list[7...10].compactMap(\.int) == [0, -128, 255, -32768])
        #expect(list[11].string == "ab")
        for (index, byte) in [(12, 0xff), (13, 7), (14, 8), (17, 9), (18, 10)] as [(Int, UInt8)] {
            guard case .bytes(let bytes) = list[index] else { throw CheckpointError.emptyFile }
            #expect(bytes.array == [byte])
        }
        #expect(list[15].string == "z" && list[16].string == "y")
    }

    @Test func setsAndMemosOfProtocol4AreRead() throws {
        let list = try #require(
            try value([0x8f, 0x94, 0x28, 0x4b, 1, 0x4b, 2, 0x90, 0x68, 0, 0x28, 0x4b, 3, 0x91, 0x87], P.stop).array)
        #expect(list[0].array?.compactMap(\.int) == [1, 2])
        #expect(list[1].array?.compactMap(\.int) == [1, 2])
        #expect(list[2].array?.compactMap(\.int) == [3])
        let global = try value([0x8c, 1, 0x61, 0x8c, 1, 0x62, 0x93], P.stop)
        #expect(global.opaque?.name == "a.b")
    }

    @Test func aMemoizedListGrowsForAllWhoHoldIt() throws {
        let list = try value(P.emptyList, P.put(0), P.none, P.append, P.get(0), [0x86], P.stop)
        #expect(list[0]?.array?.count == 1 && list[1]?.array?.count == 1)
    }

    // MARK: Ways to be wrong

    @Test func everyOtherOpcodeIsRefused() {
        let known: Set<UInt8> = Set(
            Array("(.0 12BCFGIJKLMNQRSTUVX]abcdeghijloqprstu})".utf8).filter { $0 != 0x20 }
                + [0x80, 0x81] + Array(0x85...0x96))
        for code in UInt8.min...UInt8.max where !known.contains(code) {
            #expect(refusal([code], P.stop) == .unknownOpcode(code, byte: 2))
        }
    }

    @Test func noOpcodeTrapsOnAnyShortStack() {
        let shapes: [[UInt8]] = [
            [], [0x4e], [0x28], [0x4e, 0x4e], [0x28, 0x4e], [0x4e, 0x28], P.emptyTuple, P.emptyTuple + P.emptyTuple,
            P.emptyDictionary + P.none, P.emptyList + P.emptyTuple, P.global("a", "b"),
            P.global("a", "b") + P.emptyTuple,
            P.global("a", "b") + P.emptyTuple + P.none, [0x28] + P.global("a", "b"), P.emptyList + [0x28, 0x4e],
            P.emptyDictionary + [0x28, 0x4e],
        ]
        for code in UInt8.min...UInt8.max {
            for shape in shapes {
                for operand in [[], [0], [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0, 0, 0, 0, 0], Array("1\n1\n".utf8)]
                    as [[UInt8]]
                {
                    _ = try? unpickle(Pickled(shape, [code], operand, P.stop))
                }
            }
        }
    }

    @Test func aPickleThatEndsEarlyIsRefused() throws {
        let whole = Pickled(P.text("abc"), P.int(7), [0x86], P.stop).bytes
        for count in 0..<whole.count {
            var pickle = Pickled()
            pickle.bytes = Array(whole.prefix(count))
            let error = #expect(throws: CheckpointError.self) { try unpickle(pickle) }
            guard case .truncated = error else { throw error ?? .emptyFile }
        }
    }

    @Test func bytesAfterThePickleAreRefused() {
        #expect(refusal(P.none, P.stop, [0]) == .trailingBytes(part: "the pickle", count: 1))
    }

    @Test func lengthsBeyondTheFileAreRefused() throws {
        for part in [
            [0x58, 0xff, 0xff, 0xff, 0xff], [0x8d] + [UInt8](repeating: 0xff, count: 8),
            [0x54, 0xff, 0xff, 0xff, 0xff],
            [0x8b, 0xff, 0xff, 0xff, 0x7f], [0x8b, 0, 0, 0, 0x80], [0x42, 0xff, 0xff, 0xff, 0x7f],
            [0x8e] + P.little(1 << 62, 8),
            [0x95] + P.little(1 << 40, 8), [0x96] + P.little(-1, 8), [0x8a, 0xff],
        ] as [[UInt8]] {
            let error = refusal(part, P.stop)
            guard case .truncated = error else { throw error ?? .emptyFile }
        }
    }

    @Test func stackUnderflowNamesTheByte() {
        #expect(refusal(P.stop) == .stackUnderflow(opcode: "stop", byte: 2))
        #expect(refusal(P.none, [0x86], P.stop) == .stackUnderflow(opcode: "tuple2", byte: 3))
        #expect(refusal([0x74], P.stop) == .stackUnderflow(opcode: "tuple", byte: 2))
        // Nothing reaches below a mark.
        #expect(refusal(P.none, [0x28, 0x85], P.stop) == .stackUnderflow(opcode: "tuple1", byte: 4))
    }

    @Test func whatIsLeftOnTheStackIsRefused() {
        #expect(
            refusal(P.none, P.none, P.stop)
                == .badOperand(opcode: "stop", expected: "an otherwise empty stack", byte: 4))
    }

    @Test func everyStackEffectIsTypeChecked() {
        // Setting items of a list, appending to a dictionary or tuple, building a list, calling text.
        #expect(
            refusal(P.emptyList, P.none, P.none, P.setItem, P.stop)
                == .badOperand(opcode: "setItem", expected: "a dictionary", byte: 5))
        #expect(
            refusal(P.emptyDictionary, P.none, P.append, P.stop)
                == .badOperand(opcode: "append", expected: "a list", byte: 4))
        #expect(
            refusal(P.emptyTuple, P.none, P.append, P.stop)
                == .badOperand(opcode: "append", expected: "a list", byte: 4))
        #expect(
            refusal(P.emptyList, [0x28, 0x90], P.stop) == .badOperand(opcode: "addItems", expected: "a set", byte: 4))
        #expect(
            refusal(P.emptyList, P.none, P.build, P.stop)
                == .badOperand(opcode: "build", expected: "an object", byte: 4))
        #expect(
            refusal(P.text("f"), P.emptyTuple, P.reduce, P.stop)
                == .badOperand(opcode: "reduce", expected: "a class or function", byte: 9))
        #expect(
            refusal(P.global("a", "b"), P.none, P.reduce, P.stop)
                == .badOperand(opcode: "reduce", expected: "a tuple of arguments", byte: 8))
        #expect(
            refusal(P.emptyDictionary, [0x28], P.none, [0x75], P.stop)
                == .badOperand(opcode: "setItems", expected: "a value for every key", byte: 5))
        #expect(
            refusal(P.none, P.none, [0x93], P.stop)
                == .badOperand(opcode: "stackGlobal", expected: "two texts", byte: 4))
    }

    @Test func aSecondStateIsRefused() throws {
        let error = refusal(P.global("a", "b"), P.emptyTuple, P.reduce, P.none, P.build, P.none, P.build, P.stop)
        guard case .badOperand("build", "an object without a state", _) = error else { throw error ?? .emptyFile }
    }

    @Test func aMemoReadBeforeItIsWrittenIsRefused() {
        #expect(refusal(P.get(7), P.stop) == .missingMemo(7, byte: 2))
        #expect(refusal([0x6a, 0xff, 0xff, 0xff, 0xff], P.stop) == .missingMemo(0xffff_ffff, byte: 2))
    }

    @Test func malformedLiteralsAreRefused() {
        #expect(refusal(Array("Iabc\n".utf8), P.stop) == .badLiteral("number", byte: 2))
        #expect(refusal(Array("I99999999999999999999\n".utf8), P.stop) == .badLiteral("number", byte: 2))
        #expect(refusal(Array("Lx\n".utf8), P.stop) == .badLiteral("number", byte: 2))
        #expect(refusal(Array("L-L\n".utf8), P.stop) == .badLiteral("number", byte: 2))
        #expect(
            refusal(Array("L\(String(repeating: "9", count: 101))\n".utf8), P.stop) == .badLiteral("number", byte: 2))
        #expect(refusal(Array("Fx\n".utf8), P.stop) == .badLiteral("number", byte: 2))
        #expect(refusal(Array("Sabc\n".utf8), P.stop) == .badLiteral("text", byte: 2))
        #expect(refusal(Array("S'\n".utf8), P.stop) == .badLiteral("text", byte: 2))
        #expect(refusal(Array("S'\\x1'\n".utf8), P.stop) == .badLiteral("text", byte: 2))
        #expect(refusal(Array("S'\\'\n".utf8), P.stop) == .badLiteral("text", byte: 2))
        #expect(refusal(Array("V\\ud800\n".utf8), P.stop) == .badLiteral("text", byte: 2))
        #expect(refusal(Array("V\\u12\n".utf8), P.stop) == .badLiteral("text", byte: 2))
        #expect(refusal([0x58, 1, 0, 0, 0, 0xff], P.stop) == .badLiteral("text", byte: 2))
        #expect(refusal([UInt8](repeating: 0x49, count: 70_000), P.stop) == .badLiteral("line", byte: 2))
    }

    @Test func aProtocolFromTheFutureIsRefused() {
        #expect(refusal([0x80, 6], P.none, P.stop) == .unknownProtocol(6, byte: 2))
    }

    @Test func opcodesHaveABudget() {
        let byte = 2 + PickleLimits.opcodes - 1
        #expect(
            refusal([UInt8](repeating: 0x4e, count: 1_000_001), P.stop)
                == .overBudget(of: "pickle opcodes", limit: PickleLimits.opcodes, byte: byte))
    }

    @Test func textHasABudget() throws {
        // One text of 1 MiB, again and again as global names: 65 times is more than 64 MiB.
        let module = [UInt8](repeating: 0x61, count: 1 << 20)
        var parts: [UInt8] = [0x58] + P.little(module.count, 4) + module + P.put(0) + [0x30]
        for _ in 0..<70 { parts += P.get(0) + P.get(0) + [0x93, 0x30] }
        let error = refusal(parts, P.none, P.stop)
        guard case .overBudget(of: "characters of text", _, _) = error else { throw error ?? .emptyFile }
    }

    @Test func unknownClassesHaveABudget() throws {
        var parts: [UInt8] = []
        for index in 0..<5_000 { parts += P.global("m", "c\(index)") + [0x30] }
        let error = refusal(parts, P.none, P.stop)
        guard case .overBudget(of: "unknown classes", _, _) = error else { throw error ?? .emptyFile }
    }

    private enum PickleLimits { static let opcodes = 1_000_000 }

    // MARK: Text that is dear to compare

    @Test func longRunsOfMarksAreRefusedWhereverTextIsRead() throws {
        let marks = Array(String(repeating: "\u{301}\u{327}", count: 2000).utf8)
        let count = (0..<4).map { UInt8(truncatingIfNeeded: marks.count >> (8 * $0)) }
        #expect(refusal([0x58] + count + marks, P.stop) == .tooManyMarks(byte: 2))
        #expect(refusal(Array("c".utf8) + marks + Array("\nname\n".utf8), P.stop) == .tooManyMarks(byte: 2))
        let escaped = String(repeating: "\\u0301", count: 40)
        #expect(refusal(Array("V\(escaped)\n".utf8), P.stop) == .tooManyMarks(byte: 2))
        // Python 2's strings are bytes, and stay so.
        #expect(try value([0x54] + count + marks, P.stop).string == nil)
        #expect(try value(Array("Va\\u0301\n".utf8), P.stop).string == "a\u{301}")
    }

    @Test func keysAreBounded() throws {
        let key = Array(String(repeating: "k", count: 1025).utf8)
        let text = [0x58, 0x01, 0x04, 0, 0] + key
        #expect(refusal(P.emptyDictionary, text, [0x4e, 0x73], P.stop) != nil)
        #expect(refusal([0x28], text, [0x4e, 0x64], P.stop) != nil)
        #expect(try value(text, P.stop).string?.utf8.count == 1025, "what is no key may be longer")
    }
}
