// The dashboard: the pages of the report over the history, runs that go on, channels.

export { createDashboard, type Dashboard, type DashboardOptions } from './dashboard.ts'
export { type Door, isLoopback, newToken, TOKEN_PARAMETER } from './door.ts'
