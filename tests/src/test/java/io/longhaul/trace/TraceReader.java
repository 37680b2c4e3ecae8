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
package io.longhaul.trace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads a JSON text sequence (RFC 7464) with a parser that is not ours: each record as a map of dotted names.
final class TraceReader {
    private static final JsonFactory JSON = new JsonFactory();

    private TraceReader() {}

    static List<Map<String, String>> read(Path file) throws IOException {
        final String all = Files.readString(file);
        final List<Map<String, String>> records = new ArrayList<>();
        if (all.isEmpty() || all.charAt(0) != 0x1e || !all.endsWith("\n")) {
            throw new IOException(file + " is no JSON text sequence");
        }
        for (final String each : all.substring(1).split("\u001e", -1)) {
            records.add(record(each));
        }
        return records;
    }

    private static Map<String, String> record(String text) throws IOException {
        final Map<String, String> fields = new HashMap<>();
        try (JsonParser parser = JSON.createParser(text)) {
            JsonToken token = parser.nextToken();
            while (token != null) {
                if (token.isScalarValue()) {
                    fields.put(name(parser), parser.getText());
                }
                token = parser.nextToken();
            }
        }
        return fields;
    }

    private static String name(JsonParser parser) {
        final @Nullable String pointer =
                parser.getParsingContext().pathAsPointer().toString();
        return pointer.substring(1).replace('/', '.');
    }
}
