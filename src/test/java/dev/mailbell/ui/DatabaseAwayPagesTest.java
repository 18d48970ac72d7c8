package dev.mailbell.ui;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.TestApi;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.embedded.EmbeddedPostgres;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseAwayPagesTest {
    @Test
    void the_operator_sees_that_the_database_is_away_and_what_the_nodes_know(
            @TempDir Path directory) {
        try (EmbeddedPostgres server = TestDatabase.privateServer(directory)) {
            Database database = Database.open(server.address(), 2);
            database.migrate();
            try (TestUi ui = new TestUi(database)) {
                new Showcase(ui).fill();
                Visitor operator = new Visitor(ui.api.port());
                assertThat(operator.signIn(TestApi.KEY).statusCode()).isEqualTo(303);
                Visitor client = new Visitor(ui.api.port());
                assertThat(client.signIn(ui.newKey("read")).statusCode()).isEqualTo(303);
                String token = client.token("/ui/overview");
                Visitor stolen = new Visitor(ui.api.port());
                stolen.cookies.putAll(client.cookies);
                server.close();

                HttpResponse<String> signedOut = client.post("/ui/sign-out", "csrf", token);
                assertThat(signedOut.statusCode()).isEqualTo(303);
                assertThat(client.cookies).doesNotContainKey("mailbell-session");
                assertThat(stolen.get("/ui/overview").statusCode()).isEqualTo(303);
                HttpResponse<String> overview = operator.get("/ui/overview");
                assertThat(overview.statusCode()).isEqualTo(200);
                assertThat(overview.body())
                        .contains(
                                "The database does not answer",
                                "Checks a second in the last hour: ",
                                "Sign out");
                HttpResponse<String> configuration = operator.get("/ui/configuration");
                assertThat(configuration.statusCode()).isEqualTo(200);
                HttpResponse<String> nodes = operator.get("/ui/nodes");
                assertThat(nodes.statusCode()).isEqualTo(503);
                assertThat(nodes.body())
                        .contains("<h1>Not available at the moment</h1>", "The database is away");
            }
        }
    }
}
