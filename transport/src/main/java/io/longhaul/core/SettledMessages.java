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

/// Which messages were delivered or dropped lately: of those whose operation ids are equal modulo 4,096, the last one.
///
/// The table is 4 places long at first and doubles where two ids would share a place, so that its length never shows.
final class SettledMessages {
    /// Most messages that are remembered.
    static final int MAX_MESSAGES = 4096;

    private static final int INITIAL_MESSAGES = 4;

    private long[] places = new long[INITIAL_MESSAGES]; // [operation id modulo length], operation id + 1; 0 is free

    SettledMessages() {}

    /// Notes a message.
    void add(long operationId) {
        while (isTakenByAnother(operationId) && places.length < MAX_MESSAGES) {
            grow();
        }
        places[slot(operationId)] = operationId + 1;
    }

    /// True when the message was noted, and none since that takes its place.
    boolean contains(long operationId) {
        return places[slot(operationId)] == operationId + 1;
    }

    private boolean isTakenByAnother(long operationId) {
        final long present = places[slot(operationId)];
        return present != 0 && present != operationId + 1;
    }

    private void grow() {
        final long[] former = places;
        places = new long[2 * former.length];
        for (final long present : former) {
            if (present != 0) {
                places[slot(present - 1)] = present;
            }
        }
    }

    private int slot(long operationId) {
        return (int) operationId & places.length - 1;
    }
}
