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
package io.longhaul.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void writesEveryKindOfValue() {
        final Json json = new Json()
                .put("text", "a\"b\\c\n\t\u0001\u007f/ü\u2028")
                .put("nothing", (String) null)
                .put("whole", Long.MIN_VALUE)
                .put("number", 0.1)
                .put("large", 1e12)
                .put("tiny", 1e-40)
                .put("nan", Double.NaN)
                .put("infinite", Double.POSITIVE_INFINITY)
                .put("yes", true)
                .put("object", new Json().put("x", 1))
                .put("empty", new Json())
                .put("list", List.of("a", new Json().put("y", 2)));
        assertEquals(
                "{\"text\": \"a\\\"b\\\\c\\n\\t\\u0001\\u007f/ü\\u2028\", \"nothing\": null, \"whole\": -9223372036854775808,"
                        + " \"number\": 0.1, \"large\": 1000000000000, \"tiny\": 1E-40, \"nan\": null, \"infinite\": null,"
                        + " \"yes\": true, \"object\": {\"x\": 1}, \"empty\": {}, \"list\": [\"a\", {\"y\": 2}]}",
                json.toString());
    }

    @Test
    void aLaterValueReplacesAnEarlierOneInItsPlace() {
        assertEquals(
                "{\"a\": 3, \"b\": 2}",
                new Json().put("a", 1).put("b", 2).put("a", 3).toString());
    }
}
