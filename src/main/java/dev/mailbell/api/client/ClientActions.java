package dev.mailbell.api.client;

import dev.mailbell.api.problem.FieldError;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.NameTakenException;
import dev.mailbell.event.Ids;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Makes clients. */
public final class ClientActions {
    private final ClientStore store;
    private final InstantSource clock;

    public ClientActions(ClientStore store, InstantSource clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * Prepares a client, which {@link #create} stores.
     *
     * @throws ProblemException 400 with every error
     */
    public Client prepare(ObjectNode json) {
        ClientReader.Draft draft = ClientReader.read(json);
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        return new Client(Ids.next(), draft.name(), draft.limits(), now, now, null);
    }

    /**
     * @throws ProblemException 409 when the name is taken
     */
    public void create(Client client) {
        try {
            store.insert(client);
        } catch (NameTakenException e) {
            throw nameTaken();
        }
    }

    static ProblemException nameTaken() {
        return new ProblemException(
                Problem.conflict("name-taken", "there is already a client with this name")
                        .with(
                                "errors",
                                List.of(new FieldError("name", "is taken by another client"))));
    }
}
