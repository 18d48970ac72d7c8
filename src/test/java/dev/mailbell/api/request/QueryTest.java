package dev.mailbell.api.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.api.problem.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {
    private static Query query(String name, String... values) {
        return new Query(Map.of(name, List.of(values)));
    }

    /** The detail of the problem, which is the error when there is one. */
    private static String error(Query query) {
        ProblemException refused = catchThrowableOfType(ProblemException.class, query::validate);
        assertThat(refused).isNotNull();
        assertThat(refused.problem().status()).isEqualTo(400);
        return refused.problem().detail();
    }

    @Test
    void without_parameters_everything_has_its_default() {
        Query query = new Query(Map.of());
        assertThat(query.limit()).isEqualTo(50);
        assertThat(query.cursor()).isEmpty();
        assertThat(query.text("ref")).isEmpty();
        query.validate();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "500, 500", "007, 7"})
    void a_limit_is_from_1_to_500(String text, int limit) {
        Query query = query("limit", text);
        assertThat(query.limit()).isEqualTo(limit);
        query.validate();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "501", "-1", "1.5", "x", "99999999999"})
    void another_limit_is_an_error(String text) {
        Query query = query("limit", text);
        query.limit();
        assertThat(error(query)).isEqualTo("limit: must be a whole number from 1 to 500");
    }

    @Test
    void a_parameter_that_was_not_read_is_an_error_with_the_nearest_known_name() {
        Query query = query("limt", "3");
        query.limit();
        query.cursor();
        assertThat(error(query))
                .isEqualTo("limt: is not a known query parameter; did you mean \"limit\"?");
    }

    @Test
    void a_parameter_may_be_given_once() {
        Query query = query("id", "1", "2");
        assertThat(query.id("id")).isEmpty();
        assertThat(error(query)).isEqualTo("id: is there 2 times; once is enough");
    }

    @Test
    void a_cursor_comes_from_the_page_before() {
        UUID id = UUID.fromString("0199a3c2-7a10-7c3e-9d7e-3f1d2f1b6a55");
        assertThat(query("cursor", Cursor.of(id)).cursor()).contains(id);
        Query made = query("cursor", id.toString());
        assertThat(made.cursor()).isEmpty();
        assertThat(error(made)).startsWith("cursor: is not a cursor");
    }
}
