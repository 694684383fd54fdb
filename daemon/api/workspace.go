package api

func workspaceRoutes() []Route { return nil }
