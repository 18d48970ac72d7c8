/**
 * What operators call: health, metrics, configuration, the contract. It knows no resource of
 * clients; begin with {@link dev.mailbell.api.admin.HealthRoutes}.
 */
@NullMarked
package dev.mailbell.api.admin;

import org.jspecify.annotations.NullMarked;
