public import Jobs

/// What every store must do; each case is run on an empty one.
public enum JobStoreCheck: String, Sendable, CaseIterable {
    case submission, everyFieldComesBack, orderOfClaims, claimIsTheDomainsClaim, heldAndFutureAreNotClaimed,
        clockSetBack, executorsHaveLinesOfTheirOwn
    case oneWinnerAVersion, everyClaimOnce, oneJobAKey, keysExpire, queueLimit, queuePosition
    case filters, pages, noticesAreNumbered, oneCommitForAll, nothingOfALostCommit, nothingAfterTheEnd
    case deletion, lostParents, manyJobs

    public func run(on store: any JobStore) async throws {
        let checks = JobStoreConformance(store: store)
        switch self {
        case .submission: try await checks.submission()
        case .everyFieldComesBack: try await checks.everyFieldComesBack()
        case .orderOfClaims: try await checks.orderOfClaims()
        case .claimIsTheDomainsClaim: try await checks.claimIsTheDomainsClaim()
        case .heldAndFutureAreNotClaimed: try await checks.heldAndFutureAreNotClaimed()
        case .clockSetBack: try await checks.clockSetBack()
        case .executorsHaveLinesOfTheirOwn: try await checks.executorsHaveLinesOfTheirOwn()
        case .oneWinnerAVersion: try await checks.oneWinnerAVersion()
        case .everyClaimOnce: try await checks.everyClaimOnce()
        case .oneJobAKey: try await checks.oneJobAKey()
        case .keysExpire: try await checks.keysExpire()
        case .queueLimit: try await checks.queueLimit()
        case .queuePosition: try await checks.queuePosition()
        case .filters: try await checks.filters()
        case .pages: try await checks.pages()
        case .noticesAreNumbered: try await checks.noticesAreNumbered()
        case .oneCommitForAll: try await checks.oneCommitForAll()
        case .nothingOfALostCommit: try await checks.nothingOfALostCommit()
        case .nothingAfterTheEnd: try await checks.nothingAfterTheEnd()
        case .deletion: try await checks.deletion()
        case .lostParents: try await checks.lostParents()
        case .manyJobs: try await checks.manyJobs()
        }
    }
}
