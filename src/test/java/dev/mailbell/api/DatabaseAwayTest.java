package dev.mailbell.api;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.embedded.EmbeddedPostgres;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseAwayTest {
    @Test
    void while_the_database_is_away_requests_are_answered_with_503(@TempDir Path directory) {
        try (EmbeddedPostgres server = TestDatabase.privateServer(directory)) {
            Database database = Database.open(server.address(), 2);
            database.migrate();
            try (TestApi api = new TestApi(database)) {
                HttpCaller client = api.client();
                assertThat(client.get("/v1/webhooks").statusCode()).isEqualTo(200);
                server.close();

                HttpResponse<String> away = client.get("/v1/webhooks");
                assertThat(away.statusCode()).isEqualTo(503);
                assertThat(away.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
                assertThat(json(away).required("detail").stringValue())
                        .isEqualTo("the database is away; try again in a moment");
                HttpResponse<String> creating =
                        client.with("Idempotency-Key", "away")
                                .post("/v1/accounts", TestApi.imap("away"));
                assertThat(creating.statusCode()).isEqualTo(503);
                assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
                assertThat(client.without("Authorization").get("/v1/webhooks").statusCode())
                        .isEqualTo(401);
            }
        }
    }
}
