package round;

import client.ApiClient;

/** The generator's library "okhttp-gson", its default: OkHttp and Gson. */
final class Connection {
    private Connection() {}

    static ApiClient to(String url, String key) {
        ApiClient client = new ApiClient();
        client.setBasePath(url);
        client.setBearerToken(key);
        return client;
    }
}
