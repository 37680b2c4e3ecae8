/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.verbs.ibv;

import io.longhaul.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A part of an array of requests, made a list of its own for the duration of a call, and where the driver names the
/// first
/// request that it refused.
final class RequestChain {
    /// {@link #accepted}: the driver refused a request for another reason than a full queue.
    static final int REFUSED = -1;

    private final MemorySegment badRequest;

    /// Makes one in the memory of an arena.
    RequestChain(Arena arena) {
        badRequest = arena.allocate(ValueLayout.JAVA_LONG);
    }

    /// Where the driver of the next call writes; forgets what the last one wrote.
    long badRequestPointer() {
        badRequest.set(ValueLayout.JAVA_LONG, 0, 0L);
        return badRequest.address();
    }

    /// Ends the list.
    ///
    /// @param nextOffset where the `next` of its last request lies
    /// @return what {@link #join} is to be given
    static long cut(MemorySegment slots, long nextOffset) {
        long next = slots.get(ValueLayout.JAVA_LONG, nextOffset);
        slots.set(ValueLayout.JAVA_LONG, nextOffset, 0L);
        return next;
    }

    /// Undoes {@link #cut}.
    static void join(MemorySegment slots, long nextOffset, long next) {
        slots.set(ValueLayout.JAVA_LONG, nextOffset, next);
    }

    /// How many requests were accepted by a call.
    ///
    /// @param errno what it returned
    /// @param address of the first request
    /// @param count how many were offered
    /// @return 0 to `count`, or {@link #REFUSED}
    int accepted(int errno, long address, int slotBytes, int count) {
        if (errno == 0) {
            return count;
        }
        // A full queue is ENOMEM, which some drivers negate, and a request that did not fit. ENOMEM without one: all
        // are
        // queued and the doorbell failed, so that none must be posted again. -1 may mean anything, full or malformed.
        boolean full = (errno == Errno.ENOMEM || errno == -Errno.ENOMEM) && namesRequest();
        return full ? before(address, slotBytes, count) : REFUSED;
    }

    /// The error of a call that was {@link #REFUSED}, for its exception.
    ///
    /// @param errno what it returned
    static int errorOf(int errno) {
        return errno == -1 ? Errno.EINVAL : Math.abs(errno);
    }

    /// Which request the driver refused, for the exception.
    String refused(long address, int slotBytes, int count) {
        return namesRequest()
                ? "request " + before(address, slotBytes, count) + " of " + count
                : "no request of " + count + " by itself: some or all may be queued";
    }

    private boolean namesRequest() {
        return badRequest.get(ValueLayout.JAVA_LONG, 0) != 0;
    }

    /// How many requests went before the one that the driver refused.
    private int before(long address, int slotBytes, int count) {
        long bad = badRequest.get(ValueLayout.JAVA_LONG, 0);
        return (int) Math.clamp((bad - address) / slotBytes, 0L, (long) count);
    }

    /// Throws when requests are not all in an array.
    static void checkRange(int first, int count, int capacity) {
        if (first < 0 || count < 0 || count > capacity - first) {
            throw new IndexOutOfBoundsException(
                    "requests " + first + " and the " + count + " from it on are not all among the " + capacity);
        }
    }
}
