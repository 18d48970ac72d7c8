package dev.mailbell.api.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.watch.record.StoredRefreshTokens;
import java.net.http.HttpResponse;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class AccountChangeRacesTest {
    private static final TestApi API = new TestApi();

    private final HttpCaller client = API.client();
    private final AccountStore store = new AccountStore(API.database.jdbi());
    private final LoginSecrets secrets = new LoginSecrets(API.keyring);

    @AfterAll
    static void close() {
        API.close();
    }

    @Test
    void a_patch_keeps_the_refresh_token_that_the_provider_gave_meanwhile() throws Exception {
        UUID id =
                UUID.fromString(
                        TestApi.idOf(
                                client.post(
                                        "/v1/accounts",
                                        """
                                        {"address": "ann@example.org", "mail": {"host": "imap.example.org", "oauth2":
                                         {"provider": "custom", "clientId": "c1", "clientSecret": "s3cret-one",
                                          "refreshToken": "r1", "tokenUrl": "https://id.example.org/token"}}}\
                                        """)));
        Account account = store.find(id).orElseThrow();
        LoginSecret.OAuth2 login = (LoginSecret.OAuth2) secrets.open(account);
        LoginSecret.OAuth2 rotated =
                new LoginSecret.OAuth2(
                        login.provider(),
                        login.clientId(),
                        login.clientSecret(),
                        "r2",
                        login.tokenUrl(),
                        login.scope());

        CompletableFuture<HttpResponse<String>> patch =
                API.database
                        .jdbi()
                        .inTransaction(handle -> {
                            handle.execute(
                                    "update account set credential = ? where id = ?",
                                    secrets.seal(rotated, id),
                                    id);
                            // It reads the row as it was, and waits to write it.
                            CompletableFuture<HttpResponse<String>> begun =
                                    CompletableFuture.supplyAsync(() ->
                                            client.patch(
                                                    "/v1/accounts/" + id,
                                                    "{\"mail\": {\"oauth2\": {\"clientSecret\": \"s3cret-two\"}}}"));
                            await().until(() ->
                                    begun.isDone()
                                            || TestDatabase.waitingForLocks(API.database.jdbi())
                                                    > 0);
                            return begun;
                        });

        assertThat(patch.get(180, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        LoginSecret.OAuth2 written =
                (LoginSecret.OAuth2) secrets.open(store.find(id).orElseThrow());
        assertThat(written.refreshToken()).isEqualTo("r2");
        assertThat(written.clientSecret()).isEqualTo("s3cret-two");
    }

    /** Providers give tokens of several kilobytes, such as those with the groups of their owner. */
    @Test
    void a_patch_is_not_refused_for_the_long_token_that_the_provider_gave() {
        UUID id =
                UUID.fromString(
                        TestApi.idOf(
                                client.post(
                                        "/v1/accounts",
                                        """
                                        {"address": "ann@example.org", "mail": {"host": "imap.example.org", "oauth2":
                                         {"provider": "custom", "clientId": "c1",
                                          "refreshToken": "r1", "tokenUrl": "https://id.example.org/token"}}}\
                                        """)));
        String longest = "r".repeat(16 * 1024);
        new StoredRefreshTokens(store, secrets, _ -> {}).replaced(id, "r1", longest);
        HttpResponse<String> answer =
                client.patch("/v1/accounts/" + id, "{\"labels\": {\"plan\": \"pro\"}}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(secrets.open(store.find(id).orElseThrow()).secrets()).containsExactly(longest);
    }
}
