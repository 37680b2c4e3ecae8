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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ReceiveBudgetTest {
    private final ReceiveBudget budget = new ReceiveBudget(1000);

    @Test
    void whoeverComesLaterFindsSomething() {
        final ReceiveMemory greedy = new ReceiveMemory(10_000);
        greedy.budget(budget);
        long total = 0;
        for (int i = 0; i < 5; i++) {
            total += greedy.promise(10_000);
        }
        assertEquals(500, total, "asking again does not help");
        assertFalse(greedy.tryPromise(1));
        final ReceiveMemory late = new ReceiveMemory(10_000);
        late.budget(budget);
        assertEquals(250, late.promise(10_000), "half of what is left");
    }

    @Test
    void aConnectionHasItsOwnCapBesides() {
        final ReceiveMemory memory = new ReceiveMemory(100);
        memory.budget(budget);
        assertEquals(100, memory.promise(400));
        assertEquals(0, memory.promise(400));
        assertFalse(memory.tryPromise(1));
        assertEquals(900, budget.leftBytes());
    }

    @Test
    void allOrNothingIsTakenForAStream() {
        final ReceiveMemory memory = new ReceiveMemory(10_000);
        memory.budget(budget);
        assertTrue(memory.tryPromise(400));
        assertFalse(memory.tryPromise(101));
        assertEquals(600, budget.leftBytes());
        memory.unpromise(400);
        assertTrue(memory.tryPromise(500));
    }

    @Test
    void everythingComesBackWhenTheLastHoldIsReleased() {
        final ReceiveMemory memory = new ReceiveMemory(10_000);
        memory.promiseInitial(300);
        memory.budget(budget);
        assertEquals(700, budget.leftBytes(), "what was promised before counts");
        memory.promise(10_000);
        memory.hold();
        memory.release();
        assertEquals(500, budget.leftBytes());
        memory.release();
        assertEquals(1000, budget.leftBytes());
        memory.unpromise(100);
        assertEquals(1000, budget.leftBytes(), "nothing comes back twice");
    }
}
