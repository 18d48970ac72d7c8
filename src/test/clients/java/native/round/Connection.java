package round;

import client.ApiClient;

/** The generator's library "native": java.net.http and Jackson. */
final class Connection {
    private Connection() {}

    static ApiClient to(String url, String key) {
        ApiClient client = new ApiClient();
        client.updateBaseUri(url);
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + key));
        return client;
    }
}
