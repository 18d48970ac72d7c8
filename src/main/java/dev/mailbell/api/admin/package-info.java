/**
 * The routes for operators: health, metrics, configuration, the OpenAPI document. It knows no
 * resource of clients; start reading at {@link dev.mailbell.api.admin.HealthRoutes}.
 */
@NullMarked
package dev.mailbell.api.admin;

import org.jspecify.annotations.NullMarked;
