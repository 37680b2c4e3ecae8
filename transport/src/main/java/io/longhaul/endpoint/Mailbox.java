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
package io.longhaul.endpoint;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jctools.queues.atomic.MpscGrowableAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// What applications put in for a connection's driver (operations, streams that were used), and whether the driver has
/// been told already. Grows to its limit and allocates nothing afterwards.
///
/// Threading: any thread puts in, the agent takes out.
final class Mailbox {
    private static final VarHandle SCHEDULED;

    static {
        try {
            SCHEDULED = MethodHandles.lookup().findVarHandle(Mailbox.class, "scheduled", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int INITIAL_CAPACITY = 16;

    private final MpscGrowableAtomicArrayQueue<Object> items;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private boolean scheduled;

    /// Creates a mailbox.
    ///
    /// @param limit items that may be in it
    Mailbox(int limit) {
        items = new MpscGrowableAtomicArrayQueue<>(INITIAL_CAPACITY, Math.max(2 * INITIAL_CAPACITY, limit));
    }

    /// Puts an item in.
    ///
    /// @return false when it is full
    boolean offer(Object item) {
        return items.offer(item);
    }

    /// Claims the telling of the driver.
    ///
    /// @return true when the caller must submit the driver to the agent; false when that is under way
    boolean schedule() {
        // Volatile: an item that was put in before a false is seen by the driver, which clears the flag before it
        // looks.
        return !(boolean) SCHEDULED.getVolatile(this) && SCHEDULED.compareAndSet(this, false, true);
    }

    /// Lets the driver be told again; the driver calls it before it takes items out.
    void beginTaking() {
        SCHEDULED.setVolatile(this, false);
    }

    /// Takes an item out; null when there is none.
    @Nullable
    Object poll() {
        return items.poll();
    }
}
