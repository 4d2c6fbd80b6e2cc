internal import CEL
internal import Facts

extension Diagnostician {
    /// The facts of a batch, so many at a time, in the order of the requests.
    func collect(_ batch: [FactRequest], from source: FactSource) async -> [Fact] {
        await withTaskGroup(of: (Int, Fact).self) { group in
            var facts = [Fact?](repeating: nil, count: batch.count)
            var next = 0
            func start() {
                guard next < batch.count else { return }
                let (index, request) = (next, batch[next])
                next += 1
                group.addTask { [self] in (index, await fact(for: request, from: source)) }
            }
            for _ in 0..<max(1, limits.concurrency) { start() }
            for await (index, fact) in group {
                facts[index] = fact
                start()
            }
            return facts.compactMap(\.self)
        }
    }

    private func fact(for request: FactRequest, from source: FactSource) async -> Fact {
        let lists = recorder?.lists(of: request.key)
        var fact = await unredactedFact(for: request, from: source, lists)
        if !redaction.isEmpty {
            fact = redaction.applied(to: fact, as: catalogue[request.key.collector]?.declaration.returns ?? .dyn)
        }
        recorder?.record(fact, lists)
        return fact.projected(request.reading)
    }

    private func unredactedFact(
        for request: FactRequest, from source: FactSource, _ lists: (any ListRecorder)?
    ) async -> Fact {
        switch source {
        case .snapshot(let snapshot):
            return await snapshot.fact(request.key, reading: recorder == nil ? request.reading : .whole)
                ?? Fact(
                    key: request.key, result: .failure(Unknown(.notCollected, "the snapshot does not hold it")),
                    provenance: Provenance(
                        collector: request.key.collector, source: "snapshot", collectedAt: snapshot.now,
                        duration: CEL.Duration(seconds: 0)))
        case .live(var surroundings):
            progress(.collecting(request.key))
            if !request.askers.isEmpty {
                surroundings.permissions = Surroundings.Permissions(
                    all: request.askers.map { permissions[$0] ?? .none })
            }
            surroundings.reading = request.reading
            if catalogue[request.key.collector]?.declaration.readsInPart ?? false { surroundings.lists = lists }
            let fact = await fact(for: request, in: surroundings)
            progress(.collected(fact))
            return fact
        }
    }

    private func fact(for request: FactRequest, in surroundings: Surroundings) async -> Fact {
        let clock = ContinuousClock()
        let start = clock.now
        let result = await observation(for: request, in: surroundings)
        let (seconds, attoseconds) = (clock.now - start).components
        let provenance = Provenance(
            collector: request.key.collector, source: (try? result.get().source) ?? request.key.collector,
            collectedAt: surroundings.now,
            duration: CEL.Duration(seconds: seconds, nanoseconds: Int32(attoseconds / 1_000_000_000)))
        let isHad = (try? result.get()) != nil
        return Fact(
            key: request.key, result: result.map(\.value), provenance: provenance,
            reading: isHad ? request.reading : .whole)
    }

    /// What the collector saw, or that it was too late.
    private func observation(
        for request: FactRequest, in surroundings: Surroundings
    ) async -> Result<Observation, Unknown> {
        guard let collector = catalogue[request.key.collector] else {
            return .failure(Unknown(.notApplicable, "there is no collector '\(request.key.collector)'"))
        }
        let seconds = request.timeoutSeconds ?? limits.factSeconds
        let sleep = self.sleep
        var guarded = surroundings.guarding(request.choices)
        guarded.deadline = .now + .seconds(seconds)
        return await withTaskGroup(of: Result<Observation, Unknown>?.self) { [guarded] group in
            group.addTask {
                do throws(Unknown) {
                    return .success(try await collector.collect(request.parameters, in: guarded))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await sleep(seconds)
                return nil
            }
            // A collector returns when it is cancelled (the contract), so the group ends soon after its deadline.
            let first = await group.next() ?? nil
            group.cancelAll()
            if Task.isCancelled, (try? first?.get()) == nil {
                return .failure(Unknown(.timedOut, "the time for all facts was up before it answered"))
            }
            return first ?? .failure(Unknown(.timedOut, "no answer within \(seconds.formatted) s", hint: "--timeout"))
        }
    }

    /// Runs the work and cancels it when the time for all facts is up; what it has by then it returns.
    func withinTotal<Result: Sendable>(_ work: @escaping @Sendable () async -> Result) async -> Result {
        guard let total = limits.totalSeconds else { return await work() }
        let sleep = self.sleep
        return await withTaskGroup(of: Result?.self) { group in
            group.addTask { await work() }
            group.addTask {
                try? await sleep(total)
                return nil
            }
            var answer: Result?
            for await result in group {
                answer = answer ?? result
                group.cancelAll()
            }
            guard let answer else { preconditionFailure("the work returns when it is cancelled") }
            return answer
        }
    }

    /// The source about another text than the one it was made with: only what the text itself tells is collected.
    func source(with text: String) async -> FactSource {
        guard !text.isEmpty else { return source }
        switch source {
        case .live(var surroundings):
            surroundings.text = text
            return .live(surroundings)
        case .snapshot(var snapshot):
            guard text != snapshot.text, let collector = catalogue["text"] else { return source }
            let surroundings = Surroundings(text: text, now: snapshot.now, effects: NoEffects())
            snapshot.insert(await fact(for: FactRequest(collector.declaration, parameters: [:]), in: surroundings))
            return .snapshot(snapshot)
        }
    }
}

extension Double {
    /// Without the fraction where there is none.
    fileprivate var formatted: String { self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self) }
}
