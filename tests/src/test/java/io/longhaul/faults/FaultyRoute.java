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
package io.longhaul.faults;

import io.longhaul.sim.Route;
import io.longhaul.verbs.soft.LinkModel;
import io.longhaul.verbs.soft.WireConfig;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/// A link with faults that come and go: times at which everything is lost, times at which everything is held, and
/// duplicates that come much later.
final class FaultyRoute implements Route {
    private final LinkModel sick;
    private LinkModel model;
    private @Nullable LinkModel healthy;
    private long healNanos;
    private LongPredicate lostAt = nanos -> false;
    private LongUnaryOperator heldUntil = nanos -> nanos;
    private Carries carries = (nanos, ipBytes) -> true;
    private long duplicateLateNanos;

    /// What a path carries at a time.
    interface Carries {
        /// True when a packet of so many IP bytes passes.
        boolean test(long nanos, int ipBytes);
    }

    /// @param wire what the link is beside its faults
    FaultyRoute(WireConfig wire) {
        sick = new LinkModel(wire, 0);
        model = sick;
    }

    /// Becomes another link at a time.
    FaultyRoute healing(WireConfig wire, long atNanos) {
        healthy = new LinkModel(wire, 0);
        healNanos = atNanos;
        return this;
    }

    /// Loses every packet that is sent at such a time.
    FaultyRoute losing(LongPredicate when) {
        lostAt = when;
        return this;
    }

    /// Loses, without a word, what is too long at its time.
    FaultyRoute carrying(Carries what) {
        carries = what;
        return this;
    }

    /// Holds what would arrive at a time until another one, and then delivers it at once.
    ///
    /// @param until gives that time, never before its argument, never falling
    FaultyRoute holding(LongUnaryOperator until) {
        heldUntil = until;
        return this;
    }

    /// Has duplicates arrive so much later.
    FaultyRoute duplicatesLateBy(long nanos) {
        duplicateLateNanos = nanos;
        return this;
    }

    @Override
    public int offer(long nowNanos, int ipBytes, int lane, boolean ecnCapable) {
        final LinkModel after = healthy;
        model = after != null && nowNanos >= healNanos ? after : sick;
        final int copies = model.offer(nowNanos, ipBytes, lane, ecnCapable);
        return lostAt.test(nowNanos) || !carries.test(nowNanos, ipBytes) ? 0 : copies;
    }

    @Override
    public long deliveryNanos(int copy) {
        return heldUntil.applyAsLong(model.deliveryNanos(copy)) + (copy == 0 ? 0 : duplicateLateNanos);
    }

    @Override
    public boolean isMarked() {
        return model.isMarked();
    }

    @Override
    public int corruptBit(int bits) {
        return model.corruptBit(bits);
    }
}
