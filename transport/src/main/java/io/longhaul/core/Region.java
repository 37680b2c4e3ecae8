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
package io.longhaul.core;

import io.longhaul.Grant;
import io.longhaul.Right;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A range of memory that is exposed under a name, to one connection or to all.
///
/// A use of the region counts up, looks whether it was revoked, and counts down afterwards; a revocation sets its flag
/// and
/// then looks at the count. Both are sequentially consistent: either the use sees the flag, or the revocation sees the
/// use.
///
/// Threading: any thread may revoke; agents use it in between.
public final class Region {
    /// Lifetime of a grant that never expires.
    static final long NO_EXPIRY = Long.MAX_VALUE;

    private final ExposedRegions owner;
    private final String name;
    private final MemorySegment segment;
    private final int rights;
    private final long lifetimeNanos;
    private final int maxUses;
    private final AtomicInteger uses = new AtomicInteger();
    private final AtomicReference<@Nullable Runnable> callback = new AtomicReference<>();
    private volatile boolean revoked;

    Region(ExposedRegions owner, String name, MemorySegment segment, Grant grant) {
        this.owner = owner;
        this.name = name;
        this.segment = segment;
        int bits = 0;
        for (final Right right : grant.rights()) {
            bits |= right.bit();
        }
        rights = bits;
        lifetimeNanos = nanos(grant.lifetime());
        maxUses = grant.uses();
    }

    private static long nanos(@Nullable Duration lifetime) {
        if (lifetime == null) {
            return NO_EXPIRY;
        }
        try {
            return lifetime.toNanos();
        } catch (ArithmeticException e) {
            return NO_EXPIRY;
        }
    }

    /// Name under which peers look it up.
    public String name() {
        return name;
    }

    /// Length in bytes.
    public long length() {
        return segment.byteSize();
    }

    MemorySegment segment() {
        return segment;
    }

    /// Bits of the rights, see {@link Right#bit}.
    int rights() {
        return rights;
    }

    /// Nanoseconds from the moment at which a connection is given a key, or NO_EXPIRY.
    long lifetimeNanos() {
        return lifetimeNanos;
    }

    /// Operations that a connection may begin, 0 for any number.
    int maxUses() {
        return maxUses;
    }

    /// True when a key of it ends by itself, by time or by use.
    boolean isBounded() {
        return lifetimeNanos != NO_EXPIRY || maxUses != 0;
    }

    /// Begins a use unless the region was revoked or its memory is gone.
    boolean tryUse() {
        uses.incrementAndGet();
        if (revoked || !segment.scope().isAlive()) {
            endUse();
            return false;
        }
        return true;
    }

    /// Ends a use.
    void endUse() {
        if (uses.decrementAndGet() == 0 && revoked) {
            tellQuiesced();
        }
    }

    /// Stops all further use. Does not wait: {@code onQuiesced} is run once, on this or an agent's thread, when no
    /// byte can be
    /// read or written any more; it must not block. Only the callback of the first call is kept: later callers look
    /// at
    /// {@link #isQuiesced}.
    public void beginRevoke(Runnable onQuiesced) {
        synchronized (this) {
            if (revoked) {
                return;
            }
            callback.set(onQuiesced);
            revoked = true;
        }
        owner.remove(this);
        if (uses.get() == 0) {
            tellQuiesced();
        }
    }

    private void tellQuiesced() {
        final Runnable told = callback.getAndSet(null);
        if (told != null) {
            told.run();
        }
    }

    /// True once it was revoked.
    public boolean isRevoked() {
        return revoked;
    }

    /// True once it was revoked and no byte can be read or written any more.
    public boolean isQuiesced() {
        return revoked && uses.get() == 0;
    }
}
