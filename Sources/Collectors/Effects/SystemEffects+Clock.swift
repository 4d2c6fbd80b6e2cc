internal import CTimex
package import Facts

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension SystemEffects {
    /// Nothing is set: `modes` is 0, for which nobody needs a privilege.
    package func clockState() async throws(Unknown) -> ClockState {
        #if os(Linux)
            var state = timex()
            guard unsafe adjtimex(&state) >= 0 else {
                let words = unsafe String(cString: strerror(errno))
                throw Unknown(.denied, "the kernel does not tell the state of its clock: \(words)")
            }
            return ClockState(
                isMarkedUnsynchronized: state.status & Int32(STA_UNSYNC) != 0,
                maxErrorMicroseconds: Int64(state.maxerror), estimatedErrorMicroseconds: Int64(state.esterror))
        #else
            throw Unknown(.notApplicable, "only Linux tells the state of its clock")
        #endif
    }
}
