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

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The report that the guest writes and the host reads: a line for every event, at once on the disk, so that a guest
/// that
/// dies leaves what it did.
final class GuestReport {
    private GuestReport() {}

    /// What an event says.
    enum Kind {
        /// A class of tests ended, whatever its tests said.
        DONE,
        /// A test began, or what contains tests: a class, or a method that makes them.
        BEGUN,
        /// What contains tests came to its end, and did not fail itself.
        ENDED,
        PASSED,
        FAILED,
        SKIPPED
    }

    /// One event.
    ///
    /// @param id JUnit's unique identifier
    /// @param name for people
    /// @param text the reason or the stack trace; empty where there is none
    record Event(Kind kind, String id, String name, long millis, String text) {
        private String line() {
            return String.join("\t", kind.name(), escape(id), escape(name), Long.toString(millis), escape(text)) + "\n";
        }

        private static Event parse(String line) {
            final String[] fields = line.split("\t", -1);
            return new Event(
                    Kind.valueOf(fields[0]),
                    unescape(fields[1]),
                    unescape(fields[2]),
                    Long.parseLong(fields[3]),
                    unescape(fields[4]));
        }
    }

    static void append(Writer writer, Event event) throws IOException {
        writer.write(event.line());
        writer.flush();
    }

    /// Reads what there is; a line that was cut off is left out.
    static List<Event> read(Path file) throws IOException {
        final List<Event> events = new ArrayList<>();
        if (!Files.exists(file)) {
            return events;
        }
        final String text = Files.readString(file, StandardCharsets.UTF_8);
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            final String line = text.substring(start, end);
            if (line.chars().filter(c -> c == '\t').count() >= 4) {
                events.add(Event.parse(line));
            }
            start = end + 1;
        }
        return events;
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n");
    }

    private static String unescape(String text) {
        final StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c != '\\' || i + 1 == text.length()) {
                plain.append(c);
                continue;
            }
            i++;
            switch (text.charAt(i)) {
                case 't' -> plain.append('\t');
                case 'n' -> plain.append('\n');
                default -> plain.append(text.charAt(i));
            }
        }
        return plain.toString();
    }
}
