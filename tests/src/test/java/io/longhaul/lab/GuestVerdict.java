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
package io.longhaul.lab;

import io.longhaul.lab.GuestReport.Event;
import io.longhaul.lab.GuestReport.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a run of the guest comes to. Nothing passes because nobody told about it: what began has to end, what was
/// expected has to begin, and the guest itself has to end well.
final class GuestVerdict {
    private GuestVerdict() {}

    /// The events that are results, with a failure for each thing that is missing.
    ///
    /// @param events in the order of the report
    /// @param expected name by unique identifier
    /// @param status of the guest
    /// @return events that passed, failed or were skipped
    static List<Event> of(List<Event> events, Map<String, String> expected, int status) {
        final List<Event> results = new ArrayList<>();
        final Map<String, String> open = new LinkedHashMap<>();
        for (Event event : events) {
            switch (event.kind()) {
                case BEGUN -> open.put(event.id(), event.name());
                case ENDED -> open.remove(event.id());
                case DONE -> {}
                case PASSED, FAILED, SKIPPED -> {
                    open.remove(event.id());
                    results.add(event);
                }
            }
        }
        open.forEach((id, name) -> results.add(failure(id, name, "did not come to its end")));
        expected.forEach((id, name) -> {
            if (!open.containsKey(id) && events.stream().noneMatch(event -> answers(event, id))) {
                results.add(failure(id, name, "was not run, or made no test"));
            }
        });
        if (status != 0) {
            results.add(failure("guest", "the guest", "ended with status " + status + ", its output tells more"));
        }
        return results;
    }

    /// True when an event is the result of a test, that of what contains it, or one of those that it made.
    private static boolean answers(Event event, String expected) {
        return switch (event.kind()) {
            case PASSED -> event.id().equals(expected) || event.id().startsWith(expected + "/");
            case FAILED, SKIPPED ->
                event.id().equals(expected)
                        || event.id().startsWith(expected + "/")
                        || expected.startsWith(event.id() + "/");
            case BEGUN, ENDED, DONE -> false;
        };
    }

    private static Event failure(String id, String name, String text) {
        return new Event(Kind.FAILED, id, name, 0, text);
    }
}
