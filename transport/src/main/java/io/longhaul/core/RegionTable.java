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
import io.longhaul.OperationStatus;
import io.longhaul.Right;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.LongHashSet;
import org.jspecify.annotations.Nullable;

/// What a connection may do with which region, by keys that only its peer knows.
///
/// A region gets a key of this connection when the peer first looks it up, and the lifetime of its grant starts then.
/// Looking
/// it up again gives the same key; once the grant has expired, the region is no longer found.
///
/// Threading: {@link #expose} any thread, everything else the agent.
public final class RegionTable {
    /// Wrong keys within a second after which a peer is taken to be guessing. 64 guesses a second against 2^64 keys
    /// find
    /// nothing; more of them are no accident.
    static final int MAX_WRONG_KEYS_PER_SECOND = 64;

    /// Wrong keys over the life of a connection after which a peer is taken to be guessing patiently.
    static final int MAX_WRONG_KEYS = 4096;

    /// Keys that a connection may hold unless the owner says otherwise.
    static final int DEFAULT_MAX_GRANTS = 16_384;

    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final int FIRST_SWEEP = 64;

    /// A region as this connection may use it.
    static final class Granted {
        final Region region;
        final long key;
        private final long sinceNanos;
        private final @Nullable GrantUses uses; // null for any number

        Granted(Region region, long key, long sinceNanos) {
            this.region = region;
            this.key = key;
            this.sinceNanos = sinceNanos;
            uses = region.maxUses() == 0 ? null : new GrantUses(region.maxUses(), region.length());
        }

        /// True when nothing more can be begun under the key.
        boolean isOver(long nowNanos) {
            return isExpired(nowNanos) || uses != null && uses.isSpent();
        }

        boolean isExpired(long nowNanos) {
            return nowNanos - sinceNanos >= region.lifetimeNanos();
        }
    }

    /// A use of a region that outlives the call that began it.
    static final class Lease {
        private final RegionTable table;
        private @Nullable Region region;

        Lease(RegionTable table) {
            this.table = table;
        }

        /// True when the region was revoked since: send no further byte of it.
        boolean isRevoked() {
            final Region used = region;
            return used == null || used.isRevoked();
        }

        /// Ends the use; exactly once.
        void release() {
            final Region used = Objects.requireNonNull(region, "a lease is released once");
            region = null;
            table.leases--;
            table.leasePool.push(this);
            used.endUse();
        }
    }

    private final LongSupplier randomKeys;
    private final int maxGrants;
    private final ExposedRegions shared;
    private final ExposedRegions own = new ExposedRegions();
    private final Long2ObjectHashMap<Granted> byKey = new Long2ObjectHashMap<>();
    private final Map<Region, Granted> byRegion = new HashMap<>();
    private final ArrayDeque<Lease> leasePool = new ArrayDeque<>(1);
    private LongHashSet sweptKeys = new LongHashSet(); // and those swept before them: as many as grants each
    private LongHashSet sweptKeysBefore = new LongHashSet();
    private int nextSweep = FIRST_SWEEP;
    private long sweptNanos;
    private boolean swept;
    private @Nullable Region inUse;
    private int leases;
    private long wrongKeys;
    private long wrongKeysSinceNanos;
    private int recentWrongKeys;
    private boolean guessing;

    /// Creates a table.
    ///
    /// @param randomKeys source of unpredictable keys
    /// @param shared regions of the endpoint
    public RegionTable(LongSupplier randomKeys, ExposedRegions shared) {
        this(randomKeys, shared, DEFAULT_MAX_GRANTS);
    }

    /// Creates a table.
    ///
    /// @param randomKeys source of unpredictable keys
    /// @param shared regions of the endpoint
    /// @param maxGrants keys that the peer may hold
    public RegionTable(LongSupplier randomKeys, ExposedRegions shared, int maxGrants) {
        this.randomKeys = randomKeys;
        this.maxGrants = maxGrants;
        this.shared = shared;
    }

    /// Exposes memory to this connection alone, see {@link ExposedRegions#expose}.
    public Region expose(String name, MemorySegment segment, Grant grant) {
        return own.expose(name, segment, grant);
    }

    /// Answers a lookup of the peer.
    void answerLookup(long nowNanos, String name, long requestId, Responses responses) {
        final Region region = find(name);
        final Granted granted = region == null ? null : grant(nowNanos, region);
        if (granted != null) {
            responses.lookupAnswer(requestId, granted.key, granted.region.length(), granted.region.rights());
        } else if (region != null && !byRegion.containsKey(region)) {
            // It is there, and it was no key that ended: there is none left for it.
            responses.reject(requestId, OperationStatus.REMOTE_RESOURCES_EXHAUSTED);
        } else {
            responses.lookupAnswer(requestId, 0, 0, 0);
        }
    }

    /// Finds a region for the peer and gives it a key; null when there is none for this connection, or it holds too
    /// many.
    @Nullable
    Granted lookup(long nowNanos, String name) {
        final Region region = find(name);
        return region == null ? null : grant(nowNanos, region);
    }

    private @Nullable Region find(String name) {
        Region region = own.find(name);
        if (region == null) {
            region = shared.find(name);
        }
        return region == null || region.isRevoked() ? null : region;
    }

    private @Nullable Granted grant(long nowNanos, Region region) {
        final Granted known = byRegion.get(region);
        if (known != null) {
            return known.isOver(nowNanos) ? null : known;
        }
        final boolean due = !swept || nowNanos - sweptNanos >= SECOND_NANOS;
        if (byKey.size() >= nextSweep || byKey.size() >= maxGrants && due) {
            swept = true;
            sweptNanos = nowNanos;
            sweep();
        }
        if (byKey.size() >= maxGrants) {
            return null;
        }
        final Granted granted = new Granted(region, freshKey(), nowNanos);
        byKey.put(granted.key, granted);
        byRegion.put(region, granted);
        return granted;
    }

    private long freshKey() {
        long key = randomKeys.getAsLong();
        while (key == 0 || byKey.containsKey(key)) {
            key = randomKeys.getAsLong();
        }
        return key;
    }

    private void sweep() {
        byRegion.values().removeIf(granted -> {
            final boolean gone = granted.region.isQuiesced();
            if (gone) {
                byKey.remove(granted.key);
                remember(granted.key);
            }
            return gone;
        });
        nextSweep = Math.max(FIRST_SWEEP, 2 * byKey.size());
    }

    // Operations that are still on their way name keys that were right: that is no guessing.
    private void remember(long key) {
        if (sweptKeys.size() >= maxGrants) {
            final LongHashSet oldest = sweptKeysBefore;
            sweptKeysBefore = sweptKeys;
            sweptKeys = oldest;
            sweptKeys.clear();
        }
        sweptKeys.add(key);
    }

    /// Begins a use of a region: SUCCESS, REMOTE_ACCESS_ERROR or REMOTE_RANGE_ERROR. After SUCCESS the caller ends
    /// it with
    /// {@link #done} or turns it into a {@link #lease}.
    OperationStatus check(long nowNanos, long key, Right right, long offset, long lengthBytes) {
        assert inUse == null : "one use at a time";
        final Granted granted = byKey.get(key);
        if (granted == null) {
            if (!sweptKeys.contains(key) && !sweptKeysBefore.contains(key)) {
                onWrongKey(nowNanos);
            }
            return OperationStatus.REMOTE_ACCESS_ERROR;
        }
        final Region region = granted.region;
        if ((region.rights() & right.bit()) == 0 || granted.isExpired(nowNanos)) {
            return OperationStatus.REMOTE_ACCESS_ERROR;
        }
        final long size = region.length();
        if (offset < 0 || lengthBytes < 0 || lengthBytes > size || offset > size - lengthBytes) {
            return OperationStatus.REMOTE_RANGE_ERROR;
        }
        if (!region.tryUse()) {
            return OperationStatus.REMOTE_ACCESS_ERROR;
        }
        inUse = region;
        return OperationStatus.SUCCESS;
    }

    /// Begins an operation, or a piece of one, of the peer: like {@link #check}, and a use of the grant is counted.
    OperationStatus begin(long nowNanos, InboundPiece piece, Right right, long lengthBytes) {
        final OperationStatus status = check(nowNanos, piece.argument0, right, piece.argument1, lengthBytes);
        if (status != OperationStatus.SUCCESS) {
            return status;
        }
        final GrantUses uses = Objects.requireNonNull(byKey.get(piece.argument0), "its key was right").uses;
        if (uses == null || uses.admit(piece.operationId, lengthBytes, right == Right.WRITE)) {
            return OperationStatus.SUCCESS;
        }
        done();
        return OperationStatus.REMOTE_ACCESS_ERROR;
    }

    private void onWrongKey(long nowNanos) {
        wrongKeys++;
        if (recentWrongKeys == 0 || nowNanos - wrongKeysSinceNanos >= SECOND_NANOS) {
            wrongKeysSinceNanos = nowNanos;
            recentWrongKeys = 0;
        }
        if (++recentWrongKeys > MAX_WRONG_KEYS_PER_SECOND || wrongKeys > MAX_WRONG_KEYS) {
            guessing = true;
        }
    }

    private Region used() {
        return Objects.requireNonNull(inUse, "a use was begun");
    }

    /// Memory of the region in use.
    MemorySegment segment() {
        return used().segment();
    }

    /// Ends the use.
    void done() {
        final Region region = used();
        inUse = null;
        region.endUse();
    }

    /// Keeps the use beyond the call that began it; the caller ends it with {@link Region#endUse}.
    Region hold() {
        final Region region = used();
        inUse = null;
        return region;
    }

    /// Turns the use into a lease.
    Lease lease() {
        final Lease lease = leasePool.isEmpty() ? new Lease(this) : leasePool.pop();
        lease.region = used();
        inUse = null;
        leases++;
        return lease;
    }

    /// Leases that were not released yet.
    int leases() {
        return leases;
    }

    /// Requests with keys that were never given.
    long wrongKeys() {
        return wrongKeys;
    }

    /// True once the peer tried more than 64 wrong keys within a second, or more than 4096 in all: close the
    /// connection.
    boolean isGuessing() {
        return guessing;
    }
}
