package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerNameTest {
    @Test
    void the_text_has_host_port_and_database_and_no_parameters() {
        assertThat(ServerName.of("jdbc:postgresql://db.example.org:5433/mail?user=ann&ssl=true"))
                .hasToString("db.example.org:5433/mail")
                .returns("ann", ServerName::user);
    }

    @Test
    void the_port_has_a_default() {
        assertThat(ServerName.of("jdbc:postgresql://db.example.org/mail"))
                .hasToString("db.example.org:5432/mail");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://db/mail?password=secret-1",
                "jdbc:postgresql://db/mail?sslpassword=secret-1",
                "mysql://root:secret-1@db/mail",
                "secret-1"
            })
    void a_refused_url_is_not_repeated(String url) {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> ServerName.of(url))
                .withMessageNotContaining("secret-1");
    }
}
